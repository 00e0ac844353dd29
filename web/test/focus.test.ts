import { afterEach, expect, it, vi } from "vitest";
import { refocused } from "../src/views/focus";

interface Row {
  readonly button: { focus: () => void };
  readonly querySelector: (selector: string) => Row["button"];
  nextElementSibling: Row | null;
  previousElementSibling: Row | null;
}

/** Rows one after the other, each with a button that can be pressed. */
function rowsOf(count: number): Row[] {
  const rows = Array.from({ length: count }, (): Row => {
    const button = { focus: vi.fn(), closest: (): Row => row };
    const row: Row = {
      ...{ button, querySelector: () => button },
      ...{ nextElementSibling: null, previousElementSibling: null },
    };
    return row;
  });
  for (const [index, row] of rows.entries()) {
    row.nextElementSibling = rows[index + 1] ?? null;
    row.previousElementSibling = rows[index - 1] ?? null;
  }
  return rows;
}

/** Removes a row, as the page does with its next frame. */
function removed(row: Row, active: "body" | "other" = "body"): { file: () => void } {
  const file = { focus: vi.fn() };
  const body = {};
  const activeElement = active === "body" ? body : {};
  vi.stubGlobal("document", { body, activeElement, querySelector: () => file });
  const frames: (() => void)[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  refocused({ currentTarget: row.button } as unknown as Event, () => {
    requestAnimationFrame(() => {
      row.nextElementSibling = row.previousElementSibling = null;
    });
  });
  for (const frame of frames) frame();
  return { file: file.focus };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("goes to the next row, or to the one before the last", () => {
  const [first, second, third] = rowsOf(3);
  removed(second);
  expect(third.button.focus).toHaveBeenCalledTimes(1);
  removed(third);
  expect(second.button.focus).toHaveBeenCalledTimes(1);
  expect(first.button.focus).not.toHaveBeenCalled();
});

it("goes to the button for files where nothing is left", () => {
  const [only] = rowsOf(1);
  expect(removed(only).file).toHaveBeenCalledTimes(1);
});

it("stays where it is when that is not the button that is gone", () => {
  const [first, second] = rowsOf(2);
  removed(first, "other");
  expect(second.button.focus).not.toHaveBeenCalled();
});
