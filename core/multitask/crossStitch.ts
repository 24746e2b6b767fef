import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * Towers whose layers are mixed by learned matrices (`core/nn/architectures/crossStitch.ts`).
 */
const Params = z.strictObject({
  ...multiTaskParams,
  towers: z
    .int()
    .min(1)
    .max(16)
    .default(4)
    .describe('At most this many towers; with fewer tasks, one for each task.')
    .meta(search({ choices: [2, 4, 8] })),
})

export const crossStitchNetwork = sharedNetwork<z.infer<typeof Params>>({
  id: 'cross-stitch',
  name: 'Cross-stitch network',
  about: 'Several networks side by side learn after each layer how much of each other to take over.',
  cite: 'Misra et al. 2016, Cross-stitch Networks for Multi-task Learning',
  params: Params,
  design: ({ towers }, tasks) => ({ kind: 'cross-stitch', towers: Math.min(towers, tasks) }),
})
