/** Icons, drawn with the colour of the text. */

import { svg, type TemplateResult } from "lit-html";
import { html } from "lit-html";

function icon(path: TemplateResult, size = 24): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 ${size} ${size}" aria-hidden="true">${path}</svg>`;
}

export const icons = {
  logo: icon(svg`<path d="M4 9l3-7M4 17l2-5M8 21l2-5"/>
    <path class="full" d="M15 5c3 4 5 6.5 5 9.500a5 5 0 0 1-10 0C10 11.5 12 9 15 5z"/>`),
  plus: icon(svg`<path d="M12 5v14M5 12h14"/>`),
  minus: icon(svg`<path d="M5 12h14"/>`),
  cross: icon(svg`<path d="M6 6l12 12M18 6L6 18"/>`),
  tick: icon(svg`<path d="M5 12.500l4.5 4.500L19 7.5"/>`),
  warning: icon(svg`<path d="M12 6v8M12 18v.01"/>`),
  download: icon(svg`<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>`),
  picture: icon(svg`<rect x="3" y="5" width="18" height="14" rx="2"/>
    <circle cx="8.5" cy="10" r="1.5"/><path d="M4 18l5.5-5 3.5 3 3-2.500L20.5 17"/>`),
};
