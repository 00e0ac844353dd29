import { expect, it } from "vitest";
import { isClip } from "../src/clips";

it.each([
  ["a.MP4", "", true],
  ["a.m2ts", "", true],
  ["a.ts", "video/mp2t", true],
  ["a", "video/webm", true],
  ["a.gif", "image/gif", false],
  ["mp4.jpg", "image/jpeg", false],
  ["a.mp4.txt", "", false],
])("%s of type %j: %s", (name, type, clip) => {
  expect(isClip({ name, type })).toBe(clip);
});
