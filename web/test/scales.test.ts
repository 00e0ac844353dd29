import { expect, it } from "vitest";
import { costs, restore } from "../src/engine/looks";
import { copied, enlarged, reduce, reductions, sure } from "../src/engine/scales";
import type { Network } from "../src/engine/walk";
import cases from "./scales.json"; // what Python does

const close = (given: Float32Array, wanted: readonly number[]): void => {
  expect(given).toHaveLength(wanted.length);
  given.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i], 5);
  });
};

it.each(cases.reductions as [number, number, number[], number][])(
  "%i x %i pixels are looked at again at 1/%j, %i in all",
  (height, width, factors, pixels) => {
    expect(reductions(height, width)).toEqual(factors);
    const all = [1, ...factors].map((factor) => copied(height, factor) * copied(width, factor));
    expect(all.reduce((a, b) => a + b)).toBe(pixels);
  },
);

it.each(Object.entries(cases.reduced))("reduces by %s", (factor, wanted) => {
  const [height, width] = [cases.picture.length, cases.picture[0].length];
  const pixels = new Uint8ClampedArray(cases.picture.flat().flatMap((rgb) => [...rgb, 255]));
  close(reduce({ pixels, width, height, grey: false }, Number(factor)), wanted);
});

it("takes what is sure to be rain", () => {
  const rain = new Float32Array(cases.rain.flat(2));
  close(sure(rain, cases.rain[0][0].length), cases.sure);
});

it.each(cases.enlarged as [number, number, number, number, number[]][])(
  "enlarges by %i, rows %i to %i of %i columns",
  (factor, top, bottom, width, wanted) => {
    const small = new Float32Array(cases.small.flat(2));
    const columns = cases.small[0][0].length;
    close(enlarged(small, columns, factor, top, bottom - top, width, 1), wanted);
  },
);

it("brings a large picture twice, the second time without the rain of its copies", async () => {
  const [height, width] = [641, 650];
  const card = { sizeMultiple: 8, halo: 16, bytesPerPixel: 1 };
  const pixels = new Uint8ClampedArray(4 * height * width).fill(200);
  const small = copied(width, 2) + 16; // nothing is as narrow but the copy and its padding
  const network: Network = (rainy, _, columns) =>
    Promise.resolve(new Float32Array(rainy.length).fill(columns < small ? -0.12 : 0.02));
  const tops: number[] = [];
  const seen: number[] = [];
  const steps: number[] = [];
  const told = ({ pixels }: { pixels: number }): void => void steps.push(pixels);
  for await (const band of restore(
    { pixels, width, height, grey: false },
    network,
    card,
    1e9,
    told,
  )) {
    tops.push(band.top);
    seen.push(band.pixels[0]);
    expect(band.pixels[3]).toBe(200);
  }
  expect(tops).toEqual([0, 0, 256, 512]);
  expect(seen).toEqual([205, 174, 174, 174]); // 200 + 5, less 30.6
  expect(steps).toEqual(costs(height, width, card, 1e9));
});
