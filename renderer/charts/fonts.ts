/// <reference types="vite/client" />
import ranges from '@fontsource-variable/noto-sans-sc/unicode.json'

/**
 * Noto Sans SC (SIL Open Font License 1.1) comes as about a hundred small files, each for some ranges of characters,
 * the commonest together. An exported picture embeds just the files that hold characters it uses, so that Chinese
 * text looks the same on a machine without Chinese fonts. Text without Chinese embeds nothing.
 */
const FAMILY = 'Noto Sans SC Variable'
const files = import.meta.glob('../../node_modules/@fontsource-variable/noto-sans-sc/files/*-wght-normal.woff2', {
  query: '?url',
  import: 'default',
}) as Record<string, () => Promise<string>>

/** The font's pieces that hold the non-Latin characters of the text: names such as "[119]". */
export function piecesFor(text: string, table: Record<string, string> = ranges): string[] {
  const wanted = [...new Set(text)].map((c) => c.codePointAt(0) as number).filter((code) => code >= 0x2e80)
  if (!wanted.length) return []
  return Object.entries(table)
    .filter(([, spec]) => {
      const spans = parseRanges(spec)
      return wanted.some((code) => spans.some(([from, to]) => code >= from && code <= to))
    })
    .map(([name]) => name)
}

/** "U+4e00-4e05,U+5e" as pairs of code points. */
export function parseRanges(spec: string): [number, number][] {
  return spec.split(',').map((part) => {
    const [from, to = from] = part.trim().replace(/^U\+/i, '').split('-')
    return [parseInt(from, 16), parseInt(to, 16)]
  })
}

/** `@font-face` rules with the pieces inside, for the style of an SVG that shows this text. */
export async function fontCss(text: string): Promise<string> {
  const rules = await Promise.all(
    piecesFor(text).map(async (name) => {
      const file = Object.keys(files).find((path) =>
        path.endsWith(`-sc-${name.replace(/[[\]]/g, '')}-wght-normal.woff2`),
      )
      if (!file) throw new Error(`internal: no font file for ${name}`)
      const answer = await fetch(await files[file]())
      const data = base64(new Uint8Array(await answer.arrayBuffer()))
      return (
        `@font-face{font-family:'${FAMILY}';font-weight:100 900;src:url(data:font/woff2;base64,${data}) ` +
        `format('woff2');unicode-range:${(ranges as Record<string, string>)[name]}}`
      )
    }),
  )
  return rules.join('')
}

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(text)
}
