import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * One trunk whose layers each task corrects by a product of low rank (`core/nn/architectures/adapters.ts`).
 */
const Params = z.strictObject({
  ...multiTaskParams,
  rank: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Rank of the correction that a task makes to each layer.')
    .meta(search({ choices: [1, 2, 4, 8] })),
})

export const taskAdapters = sharedNetwork<z.infer<typeof Params>>({
  id: 'task-adapters',
  name: 'Low-rank task adapters',
  about: 'One network learns all tasks; each task corrects its layers by a few numbers of its own.',
  cite: 'Hu et al. 2022, LoRA: Low-Rank Adaptation of Large Language Models',
  params: Params,
  design: ({ rank }) => ({ kind: 'adapters', rank }),
})
