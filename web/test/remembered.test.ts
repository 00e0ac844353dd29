import { expect, it } from "vitest";
import { remember, remembered } from "../src/engine/remembered";

function storage(value?: string): Storage {
  const kept = new Map<string, string>(value === undefined ? [] : [["derain.clips", value]]);
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
  } as unknown as Storage;
}

it("comes back as it was, and nothing else of it", () => {
  const place = storage();
  expect(remembered(place)).toEqual([]);
  const clip = { job: "a", name: "雨.mp4", phase: "done" };
  remember([clip], place);
  expect(remembered(place)).toEqual([{ job: "a", name: "雨.mp4" }]);
});

it.each(["{", "null", "7", "{}", '[null, 7, {"job": 1, "name": "a"}, {"job": "a"}]'])(
  "%s of another page is nothing",
  (text) => {
    expect(remembered(storage(text))).toEqual([]);
  },
);
