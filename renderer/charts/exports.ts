import { fontCss } from './fonts.ts'
import { PALETTES } from './palette.ts'
import { twinOf, toCsv, toLatex, toTabs } from './picture.ts'
import type { Picture, Twin } from './picture.ts'
import { toSvg } from './svg.ts'

/** Charts and diagrams as files, or on the clipboard. `source` is the small line under one: where it comes from. */
export const FORMATS = ['png', 'svg', 'csv', 'json', 'latex'] as const
export type Format = (typeof FORMATS)[number]

const WIDTH = 760
/** Pixels per unit of a PNG: 300 dpi at 19 cm. */
const SCALE = 3

/** Anything that can be handed out: a chart, a diagram. */
export type Exportable = {
  title: string
  twin(): Twin
  json(): unknown
  /** A stand-alone SVG, with these `@font-face` rules in it. */
  svg(fontCss: string): string
}

export function exportable(picture: Picture, source: string): Exportable {
  return {
    title: picture.title,
    twin: () => twinOf(picture),
    json: () => picture,
    svg: (css) => toSvg(picture, { width: WIDTH, palette: PALETTES.light, source, fontCss: css }),
  }
}

export async function exportAs(what: Exportable, format: Format): Promise<Blob> {
  switch (format) {
    case 'csv':
      return new Blob([toCsv(what.twin())], { type: 'text/csv;charset=utf-8' })
    case 'json':
      return new Blob([JSON.stringify(what.json(), null, 2)], { type: 'application/json' })
    case 'latex':
      return new Blob([toLatex(what.twin())], { type: 'application/x-tex' })
    case 'svg':
      return new Blob([await svgOf(what)], { type: 'image/svg+xml' })
    case 'png':
      return rasterise(await svgOf(what))
  }
}

/** Drawn twice: the first time to learn which characters it holds. */
const svgOf = async (what: Exportable) => what.svg(await fontCss(what.svg('')))

/** Draws an SVG text to a PNG of three times its size. */
export async function rasterise(svg: string): Promise<Blob> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = image.naturalWidth * SCALE
  canvas.height = image.naturalHeight * SCALE
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('internal: no PNG came out'))), 'image/png'),
  )
}

/** The picture and its figures, so that it can be pasted into a document and into a spreadsheet. */
export async function copyOf(what: Exportable): Promise<void> {
  const text = new Blob([toTabs(what.twin())], { type: 'text/plain' })
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': exportAs(what, 'png'), 'text/plain': text })])
}

/** Hands a file to the person. */
export function download(blob: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** A title as a file name: letters of any script stay, everything else becomes a hyphen. */
export function fileName(title: string, format: Format): string {
  const stem = title
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
  return `${stem || 'engram'}.${format === 'latex' ? 'tex' : format}`
}
