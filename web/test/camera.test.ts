import { expect, it } from "vitest";
import { covered, fit, MOST, pan, zoom } from "../src/stage/camera";

const WINDOW = { width: 800, height: 600 };
const LARGE = { width: 4000, height: 2000 };
const SMALL = { width: 100, height: 50 };

it("fits a picture into the middle, a small one at twice its size", () => {
  expect(fit(LARGE, WINDOW)).toEqual({ scale: 0.2, x: 0, y: 100 });
  expect(fit(SMALL, WINDOW)).toEqual({ scale: 2, x: 300, y: 250 });
});

it("zooms around the point under the pointer", () => {
  const before = fit(LARGE, WINDOW);
  const after = zoom(before, 4, 300, 250, LARGE, WINDOW);
  expect((300 - after.x) / after.scale).toBeCloseTo((300 - before.x) / before.scale);
  expect((250 - after.y) / after.scale).toBeCloseTo((250 - before.y) / before.scale);
});

it("zooms from all of it to 400%, no further", () => {
  const camera = fit(LARGE, WINDOW);
  expect(zoom(camera, 1e6, 0, 0, LARGE, WINDOW).scale).toBe(MOST);
  expect(zoom(camera, 1e-6, 0, 0, LARGE, WINDOW)).toEqual(camera);
  expect(zoom(fit(SMALL, WINDOW), 1e-6, 0, 0, SMALL, WINDOW).scale).toBe(1);
});

it("leaves no gap at the edges when it is moved", () => {
  const near = zoom(fit(LARGE, WINDOW), 5, 400, 300, LARGE, WINDOW);
  expect(pan(near, 1e6, 1e6, LARGE, WINDOW)).toMatchObject({ x: 0, y: 0 });
  const { x, y, scale } = pan(near, -1e6, -1e6, LARGE, WINDOW);
  expect(x + LARGE.width * scale).toBeCloseTo(WINDOW.width);
  expect(y + LARGE.height * scale).toBeCloseTo(WINDOW.height);
});

it("knows what the picture covers", () => {
  expect(covered(fit(SMALL, WINDOW), SMALL, WINDOW)).toEqual({
    left: 300,
    right: 500,
    top: 250,
    bottom: 350,
  });
  const near = { x: -50, y: -60, scale: 4 };
  expect(covered(near, LARGE, WINDOW)).toEqual({ left: 0, right: 800, top: 0, bottom: 600 });
});
