/** The language of the page: the visitor's, until another one is chosen. */

import { kept } from "../engine/storage";
import { de } from "./de";
import { en, type Words } from "./en";
import { ja } from "./ja";

export type { Words } from "./en";

const LANGUAGES = { en, de, ja };
export type Language = keyof typeof LANGUAGES;

/** What the languages call themselves. */
export const NAMES: readonly (readonly [Language, string])[] = [
  ["en", "English"],
  ["de", "Deutsch"],
  ["ja", "日本語"],
];

const KEY = "derain.language";

/** The first that we have: the one that was chosen, then those the browser asks for. */
export function pickLanguage(chosen: string | null, asked: readonly string[]): Language {
  const all = [chosen ?? "", ...asked].map((tag) => tag.slice(0, 2).toLowerCase());
  return all.find((tag): tag is Language => tag in LANGUAGES) ?? "en";
}

export const currentLanguage = (): Language => pickLanguage(kept.getItem(KEY), navigator.languages);

export function keepLanguage(language: Language): void {
  kept.setItem(KEY, language);
}

export const wordsOf = (language: Language): Words => LANGUAGES[language];

/** "40 s", "3 min", in the language's own way; steps grow with the time. */
export function duration(seconds: number, language: Language): string {
  const step = seconds < 10 ? 1 : 5;
  const [value, unit] =
    seconds < 90
      ? [Math.max(1, Math.ceil(seconds / step) * step), "second"]
      : [Math.round(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(
    value,
  );
}

/** "640 kB", "3.1 MB" */
export function bytes(count: number, language: Language): string {
  const [value, unit] = count < 1e5 ? [count / 1e3, "kilobyte"] : [count / 1e6, "megabyte"];
  const style = { style: "unit", unit, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, style).format(value);
}
