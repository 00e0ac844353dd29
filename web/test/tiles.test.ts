/** The same cuts as Python's: tiles.json is written by tests/web/test_tiles.py. */

import { describe, expect, it } from "vitest";
import { cuts, fittingWindow, ramp } from "../src/engine/tiles";
import cases from "./tiles.json";

describe("as in Python", () => {
  it.each(cases.cuts)("cuts $arguments", ({ arguments: args, result }) => {
    expect(cuts(...(args as Parameters<typeof cuts>))).toEqual(result);
  });

  it.each(cases.fitting_window)("fits a window: $arguments", ({ arguments: args, result }) => {
    expect(fittingWindow(...(args as Parameters<typeof fittingWindow>))).toEqual(result);
  });

  it.each(cases.ramp)("weights of a tile: $arguments", ({ arguments: args, result }) => {
    const weights = [...ramp(...(args as Parameters<typeof ramp>))];
    expect(weights).toHaveLength(result.length);
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(result[i], 6);
    });
  });
});
