import {markup, type Markup} from './markup.ts';

type Cell = string | number | Markup;

export interface Column {
  head: string;
  /** `n`: a number, set to the right. `t`: a time, never broken. */
  kind?: 'n' | 't';
}

export function tableOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  return markup`<div class="wide"><table>
<thead><tr>${columns.map(({head, kind}) => markup`<th scope="col" class="${kind ?? ''}">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      markup`<tr>${row.map((cell, at) => markup`<td class="${columns[at]?.kind ?? ''}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

export const figures = (summary: string, table: Markup): Markup =>
  markup`<details><summary>${summary}</summary>${table}</details>`;

export const empty = (text: string): Markup => markup`<p class="empty">${text}</p>`;

export const section = (heading: string, ...inner: readonly (Markup | undefined)[]): Markup =>
  markup`<section class="chart"><h2>${heading}</h2>${inner}</section>
`;

export const legend = (entries: readonly {colour: string; text: string}[]): Markup =>
  markup`<ul class="legend">${entries.map(
    ({colour, text}) => markup`<li><span class="swatch ${colour}"></span>${text}</li>`,
  )}</ul>`;
