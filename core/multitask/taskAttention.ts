import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * One trunk, and for each task masks that say what of it the task sees (`core/nn/architectures/attention.ts`).
 */
const Params = z.strictObject({
  ...multiTaskParams,
  maskUnits: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Units through which a task computes each of its masks.')
    .meta(search({ choices: [2, 4, 8, 16] })),
})

export const taskAttention = sharedNetwork<z.infer<typeof Params>>({
  id: 'task-attention',
  name: 'Task attention (MTAN)',
  about: 'One network learns all tasks; each task sees its layers through masks of its own.',
  cite: 'Liu, Johns and Davison 2019, End-to-End Multi-Task Learning with Attention',
  params: Params,
  design: ({ maskUnits }) => ({ kind: 'attention', units: maskUnits }),
})
