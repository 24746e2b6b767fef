import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Rng } from '../rng.ts'
import type { TaskGenerator } from './generator.ts'
import { emptyBatch } from './generators/kind.ts'

/**
 * Few-shot classification as a distribution over tasks (Vinyals et al. 2016): each task draws `ways` classes and asks
 * to tell their rows apart after `shots` labelled rows of each; its classes are called "1" to "ways" in drawn order.
 * `rotations`: images turned by 90, 180 and 270 degrees count as classes of their own (Santoro et al. 2016).
 */
export type ClassRows = {
  /** [row, input], images row-major [height, width, channel]. */
  x: Float32Array
  /** Shape of one row: [inputs], or [height, width, channel]. */
  input: number[]
  names: string[]
  target: string
  /** [class] the rows of each class. */
  rows: Int32Array[]
  /** Of rows of a table. */
  from?: InputsFrom
}

/** Where the inputs of a row come from: its image, or its cells by an encoder. JSON: models keep it. */
export const InputsFrom = z.union([
  z.strictObject({ image: z.string(), input: z.array(z.int().min(1)).length(3) }),
  z.strictObject({ encoder: z.unknown() }),
])
export type InputsFrom = z.infer<typeof InputsFrom>

/** Names of the inputs of an image, row-major: "images[0,0]". */
export const pixelNames = (image: string, [height, width, channels]: number[]): string[] =>
  Array.from({ length: height * width * channels }, (_, i) => {
    const place = Math.floor(i / channels)
    const channel = channels > 1 ? `,${i % channels}` : ''
    return `${image}[${Math.floor(place / width)},${place % width}${channel}]`
  })

export function classEpisodes(source: ClassRows, ways: number, rotations = false): TaskGenerator {
  const { x, input, names, target, rows } = source
  const turns = turnsOf(source, rotations)
  const width = names.length
  const sides = Array.from({ length: turns }, (_, quarter) => (quarter ? turned(input, quarter) : null))
  return {
    id: 'classes',
    params: { ways, rotations },
    features: names,
    target,
    classes: Array.from({ length: ways }, (_, way) => String(way + 1)),
    input,
    from: source.from,
    withWays(other, each) {
      const able = rows.filter((own) => own.length >= each).length * turns
      return classEpisodes(source, Math.max(Math.min(other, ways), Math.min(other, able)), rotations)
    },
    /** `shots` and `queries` are rows of each class; the batch's are those of all its ways, class after class. */
    sample(rng, tasks, shots, queries) {
      const able = enough(rows, ways, turns, shots, queries)
      const batch = emptyBatch(tasks, ways * shots, ways * queries, width)
      for (let task = 0; task < tasks; task++) {
        const drawn = distinct(rng, able.length * turns, ways)
        for (let way = 0; way < ways; way++) {
          const own = able[drawn[way] % able.length]
          const side = sides[Math.floor(drawn[way] / able.length)]
          const order = distinct(rng, own.length, shots + queries)
          for (let i = 0; i < shots + queries; i++) {
            const [to, xs, ys] =
              i < shots
                ? [(task * ways + way) * shots + i, batch.supportX, batch.supportY]
                : [(task * ways + way) * queries + i - shots, batch.queryX, batch.queryY]
            const from = own[order[i]] * width
            ys[to] = way
            if (side) for (let k = 0; k < width; k++) xs[to * width + k] = x[from + side[k]]
            else xs.set(x.subarray(from, from + width), to * width)
          }
        }
      }
      return batch
    },
  }
}

/** How many classes one becomes: four where square images are turned. */
export const turnsOf = ({ input }: Pick<ClassRows, 'input'>, rotations = false): number =>
  rotations && input.length === 3 && input[0] === input[1] ? 4 : 1

/** The classes with rows enough for support and query. */
export function enough(rows: Int32Array[], ways: number, turns: number, shots: number, queries: number): Int32Array[] {
  if (rows.length * turns < ways)
    throw new UserError({
      code: 'episodes.too-few-classes',
      who: 'evaluation.ways',
      rule: 'Each part (training, validation, test) must hold at least as many classes as ways.',
      got: `${ways} ways, and ${rows.length} ${rows.length === 1 ? 'class' : 'classes'} in a part`,
      remedy: 'Choose fewer ways, or a larger test fraction.',
    })
  const able = rows.filter((own) => own.length >= shots + queries)
  if (able.length * turns < ways)
    throw new UserError({
      code: 'episodes.small-classes',
      who: 'evaluation.shots',
      rule: 'At least as many classes as ways must have shots + queries rows.',
      got: `${shots} shots + ${queries} queries, and ${able.length} such ${able.length === 1 ? 'class' : 'classes'} for ${ways} ways`,
      remedy: 'Choose fewer shots or fewer queries.',
    })
  return able
}

/** `count` different numbers below n, in random order. */
function distinct(rng: Rng, n: number, count: number): Int32Array {
  if (3 * count > n) return rng.permutation(n).subarray(0, count)
  const found = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    let next = rng.int(n)
    while (found.subarray(0, i).includes(next)) next = rng.int(n)
    found[i] = next
  }
  return found
}

/** [input] which number of the upright image stands at each place of the one turned left by so many quarters. */
function turned([size, , channels]: number[], quarters: number): Int32Array {
  return Int32Array.from({ length: size * size * channels }, (_, at) => {
    let [row, column] = [Math.floor(at / channels / size), Math.floor(at / channels) % size]
    for (let q = 0; q < quarters; q++) [row, column] = [column, size - 1 - row]
    return (row * size + column) * channels + (at % channels)
  })
}
