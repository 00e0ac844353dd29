import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { remember, remembered } from "../src/engine/remembered";

let kept = new Map<string, string>();

beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("location", { pathname: "/rain/" });
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("comes back as it was, and nothing else of it", () => {
  expect(remembered()).toEqual([]);
  const clip = { job: "a", name: "雨.mp4", phase: "done" };
  remember([clip]);
  expect(remembered()).toEqual([{ job: "a", name: "雨.mp4" }]);
});

it("is of one path of a host", () => {
  remember([{ job: "a", name: "a.mp4" }]);
  vi.stubGlobal("location", { pathname: "/other/" });
  expect(remembered()).toEqual([]);
});

it.each(["{", "null", "7", "{}", '[null, 7, {"job": 1, "name": "a"}, {"job": "a"}]'])(
  "%s of another page is nothing",
  (text) => {
    kept.set("derain.clips./rain/", text);
    expect(remembered()).toEqual([]);
  },
);

it("does without where the browser keeps nothing", () => {
  vi.stubGlobal("sessionStorage", undefined);
  remember([{ job: "a", name: "a.mp4" }]);
  expect(remembered()).toEqual([]);
});
