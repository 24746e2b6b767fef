import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * One trunk whose units each task scales and shifts by an embedding of its own (`core/nn/architectures/film.ts`).
 * A new task starts from the mean embedding and head, and learns its own from labelled rows.
 */
const Params = z.strictObject({
  ...multiTaskParams,
  embedding: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Numbers in the embedding of a task.')
    .meta(search({ choices: [2, 4, 8, 16] })),
})

export const filmNetwork = sharedNetwork<z.infer<typeof Params>>({
  id: 'film',
  name: 'Task embeddings (FiLM)',
  about: 'One network learns all tasks; each task has an embedding that scales and shifts its units.',
  cite: 'Perez et al. 2018, FiLM: Visual Reasoning with a General Conditioning Layer',
  params: Params,
  design: ({ embedding }) => ({ kind: 'film', embedding }),
})
