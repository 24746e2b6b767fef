import { UserError } from '../errors.ts'
import { levelsOf } from './buildTaskSet.ts'
import type { NamedTensor, Table } from './table.ts'

/** A few images of each class, small enough to be looked at together: bytes from the darkest (0) to the brightest. */
type Thumbnails = {
  height: number
  width: number
  /** 1 (grey) or 3 (red, green, blue). */
  channels: number
  /** Classes in all. */
  of: number
  groups: {
    value: string | null
    count: number
    rows: number[]
    /** [image, height, width, channel] */ pixels: Uint8Array
  }[]
}
type Asked = { by: string | null; from: number; classes: number; each: number }

/** Longer sides are thinned out. */
const LARGEST = 48

const imagesOf = ({ tensors }: Pick<Table, 'tensors'>): NamedTensor | undefined =>
  tensors?.find(({ shape }) => shape.length > 2)

/** `by` null: the first images, whatever they are. `range`: the smallest and largest number of all images. */
export function thumbnails(
  table: Table,
  { by, from, classes, each }: Asked,
  range: { min: number; max: number },
): Thumbnails {
  const image = imagesOf(table)
  if (!image) throw refused('images', 'none')
  const [, tall, long, depth = 1] = image.shape
  const step = Math.ceil(Math.max(tall, long) / LARGEST)
  const [height, width] = [Math.ceil(tall / step), Math.ceil(long / step)]
  const channels = depth >= 3 ? 3 : 1
  const shade = 255 / (range.max - range.min || 1)
  const draw = (rows: number[]) => {
    const pixels = new Uint8Array(rows.length * height * width * channels)
    let at = 0
    for (const row of rows)
      for (let y = 0; y < tall; y += step)
        for (let x = 0; x < long; x += step)
          for (let k = 0; k < channels; k++)
            pixels[at++] = Math.round((image.values[((row * tall + y) * long + x) * depth + k] - range.min) * shade)
    return pixels
  }
  const shape = { height, width, channels }
  if (by === null) {
    const rows = Array.from({ length: Math.max(0, Math.min(table.rows - from, classes * each)) }, (_, i) => from + i)
    return { ...shape, of: 1, groups: [{ value: null, count: table.rows, rows, pixels: draw(rows) }] }
  }
  const column = table.columns.find(({ name }) => name === by)
  if (!column) throw refused('a column', `"${by}"`)
  const { codes, levels } = levelsOf(column, table.rows)
  const shown = levels.slice(from, from + classes).map((value) => ({ value, count: 0, rows: [] as number[] }))
  codes.forEach((code, row) => {
    const group = shown[code - from]
    if (code < 0 || !group) return
    group.count++
    if (group.rows.length < each) group.rows.push(row)
  })
  return { ...shape, of: levels.length, groups: shown.map((group) => ({ ...group, pixels: draw(group.rows) })) }
}

function refused(wanted: string, got: string): UserError {
  return new UserError({
    code: 'data.images',
    who: 'The data set',
    rule: `must have ${wanted}.`,
    got,
    remedy: 'Choose a data set with images, and one of its columns.',
  })
}
