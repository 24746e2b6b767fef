/** Numbers as charts and tables show them: four significant digits, a real minus sign, no digits without meaning. */
export function short(value: number | null | undefined, digits = 4): string {
  if (value == null || Number.isNaN(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(0, digits - 2)).replace(/-/g, '−')
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
  const text = value.toFixed(Math.min(places, 12))
  return (text.includes('.') ? text.replace(/\.?0+$/, '') : text).replace(/-/g, '−')
}

/** With its sign, for differences. */
export const signed = (value: number | null, digits = 3) =>
  value !== null && value > 0 ? `+${short(value, digits)}` : short(value, digits)

/** Width of a text in ems of its font size, near enough to lay out labels without a screen. */
export function textWidth(text: string): number {
  let width = 0
  for (const char of text) {
    const code = char.codePointAt(0) as number
    width += code >= 0x2e80 ? 1 : /[A-Zmw@%]/.test(char) ? 0.7 : /[ilj.,:;'|!\s]/.test(char) ? 0.3 : 0.56
  }
  return width
}

/** Cut with an ellipsis to at most so many ems. */
export function fit(text: string, ems: number): string {
  if (textWidth(text) <= ems) return text
  let cut = ''
  for (const char of text) {
    if (textWidth(cut + char) + 0.8 > ems) break
    cut += char
  }
  return `${cut}…`
}

/** A text as it may stand in SVG, between tags and in attributes. */
export const escaped = (value: string) =>
  value.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string)
