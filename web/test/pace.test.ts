import { expect, it } from "vitest";
import { Course, Pace, previewScale } from "../src/engine/pace";

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

it("knows no time before the first tile, and then the rest by its pace", () => {
  const course = new Course([100, 100, 200], new Pace("pace", storage()), 10);
  expect(course.at(15)).toEqual({ tile: 1, tiles: 3, fraction: 0, secondsLeft: undefined });
  course.advance({ pixels: 100, seconds: 5 }, 15);
  expect(course.at(15)).toEqual({ tile: 2, tiles: 3, fraction: 0.25, secondsLeft: 15 });
  expect(course.at(17)).toMatchObject({ fraction: 0.35, secondsLeft: 13 });
});

it("never says that a tile is done before it is", () => {
  const pace = new Pace("pace", storage());
  pace.learn({ pixels: 100, seconds: 1 });
  const course = new Course([100, 100], pace, 0);
  expect(course.at(1000).fraction).toBeLessThan(0.5);
});

it("remembers the pace from visit to visit, for each network apart", () => {
  const kept = storage();
  new Pace("one", kept).learn({ pixels: 300, seconds: 2 });
  expect(new Pace("one", kept).perSecond).toBe(150);
  expect(new Pace("two", kept).perSecond).toBeUndefined();
});

it.each([
  [2000, 2000, undefined],
  [2400, 1800, 1 / 2],
  [4000, 3000, 1 / 4],
  [6000, 4000, 1 / 4],
])("a preview of %i x %i pixels: %s", (width, height, scale) => {
  expect(previewScale(width, height)).toBe(scale);
});
