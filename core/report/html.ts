/** Text that is markup already. Everything else that goes into `html` is escaped, wherever it came from. */
export type Markup = { readonly markup: string }
export type Piece = Markup | string | number | null | undefined | false | readonly Piece[]

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Escapes for element content and quoted attributes; control characters that no document may hold become "�". */
export function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign])
}

/** Template tag: html`<td>${name}</td>` escapes `name`; markup made by the tag itself goes in as it is. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return { markup: strings.reduce((out, text, i) => out + markupOf(pieces[i - 1]) + text) }
}

function markupOf(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return ''
  if (Array.isArray(piece)) return piece.map(markupOf).join('')
  if (typeof piece === 'object') return (piece as Markup).markup
  return typeof piece === 'number' ? String(piece) : escape(piece as string)
}

/** At most `length` characters, the middle left out: names of tasks often differ at the end. */
export function short(text: string, length: number): string {
  const characters = [...text]
  if (characters.length <= length) return text
  const tail = Math.floor((length - 1) / 2)
  return `${characters.slice(0, length - 1 - tail).join('')}…${characters.slice(-tail).join('')}`
}
