import { z } from 'zod'
import { loadEncoder } from '../../data/encoding.ts'
import type { Encoder } from '../../data/encoding.ts'
import { Output, wholeFold } from '../../frame.ts'
import type { Method, Model } from '../../method.ts'
import { damaged, unpack } from '../../pack.ts'
import { fewShotCan } from './params.ts'
import { encoderFor, packSupport, predictFrom, supportOf, takeSupport } from './support.ts'
import type { Question, SupportSet } from './support.ts'

/**
 * Nearest class mean: c_k is the mean of the inputs of class k's labelled rows, and a row is of the class with the
 * smallest |x - c_k|^2, or the largest cosine. On images: pixel prototypes, what a prototypical network must beat.
 * Probabilities are softmax(-|x - c_k|^2) and softmax(10 cosine).
 */
const Params = z.strictObject({
  distance: z
    .enum(['squared', 'cosine'])
    .default('squared')
    .describe('How rows are compared with a mean: by squared distance, or by direction alone.'),
})
type Params = z.infer<typeof Params>

export const classMeans: Method<Params> = {
  id: 'class-means',
  family: 'metalearning',
  name: 'Nearest class mean',
  about: 'Says the class whose labelled rows lie nearest on average; on images, the mean picture.',
  cite: 'Rocchio 1971, Relevance feedback in information retrieval; Snell et al. 2017',
  params: Params,
  anyWays: true,
  ignoresWeights: true,
  can: { ...fewShotCan },
  work: (s) => s.rows * s.features * 10 + 1,
  async *fit(context, { distance }) {
    const view = wholeFold(context)
    const encoder = encoderFor(view)
    return model({ distance, encoder, support: supportOf(view, encoder) })
  },
  load(bytes) {
    const packed = unpack(bytes)
    const parsed = z
      .object({ distance: z.enum(['squared', 'cosine']), encoder: z.unknown(), outputs: z.array(Output) })
      .safeParse(packed.header)
    if (!parsed.success) throw damaged('class means without their heading')
    const { distance, outputs } = parsed.data
    const encoder = loadEncoder(parsed.data.encoder)
    return model({ distance, encoder, support: takeSupport(packed, outputs, encoder.names.length) })
  },
}

type Parts = Params & { encoder: Encoder; support: SupportSet[] }

function model(parts: Parts): Model {
  const { distance, encoder, support } = parts
  return {
    parameters: support.reduce((sum, { output }) => sum + (output.classes?.length ?? 0) * encoder.names.length, 0),
    predict: (view) => predictFrom(support, encoder, view, async (question) => nearestMeans(question, distance)),
    adapt: async (view) => model({ ...parts, support: supportOf(view, encoder) }),
    save: () => packSupport({ distance }, encoder, support),
  }
}

/** Probabilities [task, query, way]; a class without a labelled row has none. */
export function nearestMeans(question: Omit<Question, 'which'>, distance: Params['distance']): Float64Array {
  const { tasks, shots, queries, ways, supportX, supportY, queryX } = question
  const width = supportX.length / (tasks * shots)
  const said = new Float64Array(tasks * queries * ways)
  for (let task = 0; task < tasks; task++) {
    const { means, count } = meansOf(supportX, supportY, task, shots, ways, width)
    const length = Array.from({ length: ways }, (_, way) => norm(means, way * width, width))
    for (let q = 0; q < queries; q++) {
      const from = (task * queries + q) * width
      const own = norm(queryX, from, width)
      const close = length.map((size, way) => {
        if (!count[way]) return -Infinity
        let dot = 0
        for (let i = 0; i < width; i++) dot += queryX[from + i] * means[way * width + i]
        return distance === 'squared' ? 2 * dot - size * size : size * own > 0 ? (10 * dot) / (size * own) : 0
      })
      const most = Math.max(...close)
      const total = close.reduce((sum, value) => sum + Math.exp(value - most), 0)
      close.forEach((value, way) => (said[(task * queries + q) * ways + way] = Math.exp(value - most) / total))
    }
  }
  return said
}

function meansOf(x: Float32Array, y: Float32Array, task: number, shots: number, ways: number, width: number) {
  const means = new Float64Array(ways * width)
  const count = new Float64Array(ways)
  for (let i = task * shots; i < (task + 1) * shots; i++) {
    count[y[i]]++
    for (let k = 0; k < width; k++) means[y[i] * width + k] += x[i * width + k]
  }
  for (let k = 0; k < means.length; k++) means[k] /= count[Math.floor(k / width)] || 1
  return { means, count }
}

function norm(x: ArrayLike<number>, from: number, width: number): number {
  let sum = 0
  for (let i = from; i < from + width; i++) sum += x[i] * x[i]
  return Math.sqrt(sum)
}
