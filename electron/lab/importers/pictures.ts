import type { ImportWarning } from '../../../core/data/reading.ts'
import type { NamedTensor } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'
import type { NpyArray } from './npy.ts'

/** Numbers of all images together, at most: 512 MB in memory. */
const MAX_NUMBERS = 2 ** 27
const MAX_SIDE = 1024
const MAX_CHANNELS = 4

/** An array [row, height, width] or [row, height, width, channel] as images. Bytes 0 to 255 become 0 to 1. */
export function imagesOf(
  file: string,
  name: string,
  { shape, type, values }: NpyArray,
): { tensor: NamedTensor; warnings: ImportWarning[] } {
  const refuse = (rule: string, got: string): never => {
    throw new UserError({
      code: 'import.images',
      who: `${file}, images "${name}"`,
      rule,
      got,
      remedy: 'In Python, make them x[row, height, width] or x[row, height, width, channel], smaller or fewer.',
    })
  }
  const [, height, width, channels = 1] = shape
  const asked = `shape (${shape.join(', ')})`
  if (Array.isArray(values)) return refuse('Images are numbers.', 'words')
  if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE)
    refuse('An image has sides of 1 to 1,024 pixels.', asked)
  if (channels < 1 || channels > MAX_CHANNELS) refuse('The last axis of four is the channel: 1 to 4 of them.', asked)
  if (values.length > MAX_NUMBERS) refuse('All images together may hold 134 million numbers.', asked)
  if (!values.every(Number.isFinite)) refuse('Every pixel is a finite number.', 'NaN or infinity')
  const bytes = type === 'u1' && values.some((value) => value > 1)
  const pixels = values instanceof Float32Array ? values : Float32Array.from(values)
  if (bytes) for (let i = 0; i < pixels.length; i++) pixels[i] /= 255
  return {
    tensor: { name, shape: shape.length === 4 && channels === 1 ? shape.slice(0, 3) : shape, values: pixels },
    warnings: bytes
      ? [{ code: 'bytes-scaled', text: `The bytes 0 to 255 of "${name}" are read as 0 to 1.`, params: { name } }]
      : [],
  }
}
