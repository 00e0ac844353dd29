import { expect, it } from "vitest";
import { keeper } from "../src/engine/storage";

it("keeps in the browser what that keeps", () => {
  const there = new Map([["a", "1"]]);
  const storage = {
    getItem: (key: string) => there.get(key) ?? null,
    setItem: (key: string, value: string) => void there.set(key, value),
  };
  const mine = keeper(() => storage);
  expect(mine.getItem("a")).toBe("1");
  mine.setItem("b", "2");
  expect(there.get("b")).toBe("2");
});

it("keeps for itself what the browser forbids or has no room for", () => {
  const forbidden = keeper(() => {
    throw new DOMException("", "SecurityError");
  });
  expect(forbidden.getItem("a")).toBeNull();
  forbidden.setItem("a", "1");
  expect(forbidden.getItem("a")).toBe("1");
  const full = keeper(() => ({
    getItem: () => "older",
    setItem: () => {
      throw new DOMException("", "QuotaExceededError");
    },
  }));
  full.setItem("a", "1");
  expect(full.getItem("a")).toBe("1");
});
