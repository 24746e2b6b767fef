import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * Several expert networks, and for each task a gate that says row by row how much it takes of each
 * (`core/nn/architectures/mixtureOfExperts.ts`).
 */
const Params = z.strictObject({
  ...multiTaskParams,
  experts: z
    .int()
    .min(1)
    .max(32)
    .default(4)
    .describe('Number of expert networks that all tasks share.')
    .meta(search({ choices: [2, 4, 8] })),
})

export const mmoe = sharedNetwork<z.infer<typeof Params>>({
  id: 'mmoe',
  name: 'Mixture of experts (MMoE)',
  about: 'Several expert networks are shared; each task has a gate that chooses among them row by row.',
  cite: 'Ma et al. 2018, Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts',
  params: Params,
  design: ({ experts }) => ({ kind: 'mmoe', experts }),
})
