import { fontCss } from './fonts.ts'
import { PALETTES } from './palette.ts'
import { twinOf, toCsv, toLatex } from './picture.ts'
import type { Picture } from './picture.ts'
import { toSvg } from './svg.ts'

/** A picture as a file, or on the clipboard. `source` is the small line under it: where it comes from. */
export const FORMATS = ['png', 'svg', 'csv', 'json', 'latex'] as const
export type Format = (typeof FORMATS)[number]

const WIDTH = 760
/** Pixels per unit of a PNG: 300 dpi at 19 cm. */
const SCALE = 3

export async function exportPicture(picture: Picture, format: Format, source: string): Promise<Blob> {
  const twin = twinOf(picture)
  switch (format) {
    case 'csv':
      return new Blob([toCsv(twin)], { type: 'text/csv;charset=utf-8' })
    case 'json':
      return new Blob([JSON.stringify(picture, null, 2)], { type: 'application/json' })
    case 'latex':
      return new Blob([toLatex(twin)], { type: 'application/x-tex' })
    case 'svg':
      return new Blob([await svgOf(picture, source)], { type: 'image/svg+xml' })
    case 'png':
      return rasterise(await svgOf(picture, source))
  }
}

async function svgOf(picture: Picture, source: string): Promise<string> {
  const bare = toSvg(picture, { width: WIDTH, palette: PALETTES.light, source })
  return toSvg(picture, { width: WIDTH, palette: PALETTES.light, source, fontCss: await fontCss(bare) })
}

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

export async function copyPicture(picture: Picture, source: string): Promise<void> {
  const png = exportPicture(picture, 'png', source)
  const text = exportPicture(picture, 'csv', source).then(
    async (blob) => new Blob([await blob.text()], { type: 'text/plain' }),
  )
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png, 'text/plain': text })])
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
