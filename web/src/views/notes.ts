/** What the file that is about to be saved will not keep of the picture. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { App } from "../app";
import type { Item } from "../state";

export function notes(app: App, item: Item, suffix: string): TemplateResult | typeof nothing {
  const { words, state } = app;
  if (state.engine === "server") {
    return html`<p class="small">${item.notes || words.serverKeeps}</p>`;
  }
  const lines = lost(app, item, suffix);
  if (lines.length === 0) return nothing;
  return html`
    <details class="notes" open>
      <summary>${words.notKept}</summary>
      <ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>
    </details>
  `;
}

function lost({ words }: App, { facts }: Item, suffix: string): string[] {
  const keepsExif = suffix === "jpg" && facts.exif;
  const lines: [boolean, string][] = [
    [facts.unread, words.unread],
    [facts.deep && !facts.unread, words.deep],
    [facts.profile && !facts.unread, words.profile],
    [facts.metadata && !facts.unread, keepsExif ? words.metadataSome : words.metadata],
    [facts.animated, words.animated],
    [facts.alpha, suffix === "jpg" ? words.alphaLost : words.alphaEdges],
  ];
  return lines.filter(([applies]) => applies).map(([, line]) => line);
}
