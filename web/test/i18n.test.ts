import { expect, it } from "vitest";
import { bytes, duration, pickLanguage } from "../src/i18n";

it.each([
  [null, ["de-CH", "en"], "de"],
  [null, ["fr", "ja"], "ja"],
  [null, ["fr"], "en"],
  ["en", ["de"], "en"],
  ["fr", ["de"], "de"],
])("chosen %s, asked for %s: %s", (chosen, asked, language) => {
  expect(pickLanguage(chosen, asked)).toBe(language);
});

it.each([
  [0.2, "1 sec"],
  [41, "45 sec"],
  [200, "3 min"],
])("%s s are %s", (seconds, text) => {
  expect(duration(seconds, "en")).toBe(text);
});

it.each([
  [640, "0.6 kB"],
  [131_211, "0.1 MB"],
  [12_345_678, "12.3 MB"],
])("%i bytes are %s", (count, text) => {
  expect(bytes(count, "en")).toBe(text);
});

it("speaks of time in the language of the page", () => {
  expect(duration(120, "de")).toBe("2 Min.");
});
