import { expect, it } from "vitest";
import type { Card } from "../src/engine/card";
import { costs, restore } from "../src/engine/looks";
import type { Picture } from "../src/engine/pixels";
import type { Network, Step } from "../src/engine/walk";

const CARD: Card = { sizeMultiple: 8, halo: 16, bytesPerPixel: 1 };
const RADIUS = 3;

/** Takes the mean of the neighbours away from each value: local, so tiles must not matter. */
const blur: Network = (rainy, height, width) => {
  const change = new Float32Array(rainy.length);
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        let count = 0;
        for (let v = Math.max(0, y - RADIUS); v <= Math.min(height - 1, y + RADIUS); v++) {
          for (let u = Math.max(0, x - RADIUS); u <= Math.min(width - 1, x + RADIUS); u++) {
            sum += rainy[(plane * height + v) * width + u];
            count += 1;
          }
        }
        change[(plane * height + y) * width + x] = -0.5 * (sum / count);
      }
    }
  }
  return Promise.resolve(change);
};

function noise(width: number, height: number, grey = false): Picture {
  const pixels = new Uint8ClampedArray(width * height * 4);
  let state = 1;
  for (let i = 0; i < pixels.length; i++) {
    state = (state * 48271) % 2147483647;
    pixels[i] = grey && i % 4 !== 0 && i % 4 !== 3 ? pixels[i - 1] : state % 256;
  }
  return { pixels, width, height, grey };
}

async function whole(picture: Picture, network: Network, budget: number) {
  const { width, height } = picture;
  const clean = new Uint8ClampedArray(width * height * 4);
  const steps: Step[] = [];
  let next = 0;
  for await (const band of restore(picture, network, CARD, budget, (step) => steps.push(step))) {
    expect(band.top).toBe(next); // no gap, no overlap
    expect(band.pixels).toHaveLength(band.rows * width * 4);
    clean.set(band.pixels, band.top * width * 4);
    next += band.rows;
  }
  expect(next).toBe(height);
  return { clean, steps };
}

const largest = (a: Uint8ClampedArray, b: Uint8ClampedArray): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

it.each([
  [150, 97],
  [97, 150],
  [64, 64],
  [129, 41],
])("%i x %i pixels in tiles are as in one", async (width, height) => {
  const picture = noise(width, height);
  const one = await whole(picture, blur, 1e9);
  const many = await whole(picture, blur, 56 * 56);
  expect(one.steps).toHaveLength(1);
  expect(many.steps.length).toBeGreaterThan(1);
  // The reflected padding of the one is no part of the other only where the picture ends.
  expect(largest(one.clean, many.clean)).toBeLessThanOrEqual(1);
  const planned = costs(height, width, CARD, 56 * 56);
  expect(many.steps.map((step) => step.pixels)).toEqual(planned);
});

it.each([
  [1, 1],
  [1, 9],
  [7, 2],
])("%i x %i pixels are enough", async (width, height) => {
  const picture = noise(width, height);
  const { clean } = await whole(picture, blur, 1e9);
  expect(largest(clean, picture.pixels)).toBeGreaterThan(0);
});

it("leaves alpha, and the picture where nothing changes", async () => {
  const picture = noise(45, 70);
  const none: Network = (rainy) => Promise.resolve(new Float32Array(rainy.length));
  expect((await whole(picture, none, 56 * 56)).clean).toEqual(picture.pixels);
});

it("pads by reflection, as NumPy does", async () => {
  const seen: Float32Array[] = [];
  const look: Network = (rainy) => {
    seen.push(rainy.slice());
    return Promise.resolve(new Float32Array(rainy.length));
  };
  const pixels = new Uint8ClampedArray([0, 51, 102].flatMap((value) => [value, value, value, 255]));
  await whole({ pixels, width: 3, height: 1, grey: false }, look, 1e9);
  const row = [...seen[0].slice(0, 8)].map((value) => Math.round(value * 5));
  expect(row).toEqual([0, 1, 2, 1, 0, 1, 2, 1]);
});

it("keeps grey grey", async () => {
  const picture = noise(20, 20, true);
  const red: Network = (rainy) =>
    Promise.resolve(new Float32Array(rainy.length).fill(0.3, 0, rainy.length / 3));
  const { clean } = await whole(picture, red, 1e9);
  for (let i = 0; i < clean.length; i += 4) {
    expect(clean[i + 1]).toBe(clean[i]);
    expect(clean[i + 2]).toBe(clean[i]);
  }
  expect(largest(clean, picture.pixels)).toBeGreaterThan(20);
});

it("rounds halves to even and clips", async () => {
  const pixels = new Uint8ClampedArray([10, 11, 250, 255]);
  const changes = [0.5, 0.5, 1]; // 127.5 levels, and all
  const network: Network = (rainy) =>
    Promise.resolve(rainy.map((_, i) => changes[Math.floor(i / (rainy.length / 3))]));
  const { clean } = await whole({ pixels, width: 1, height: 1, grey: false }, network, 1e9);
  expect([...clean]).toEqual([138, 138, 255, 255]);
});
