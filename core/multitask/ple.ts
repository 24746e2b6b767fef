import { z } from 'zod'
import { multiTaskParams } from '../nn/params.ts'
import { sharedNetwork } from './sharedNetwork.ts'
import { search } from '../search.ts'

/**
 * Shared experts and one of each task's own, mixed by gates (`core/nn/architectures/extraction.ts`). One level is CGC.
 * Experts have one layer each; `hidden` is what the twin has, whose default is as deep and as wide (docs/figures.md).
 */
const Params = z.strictObject({
  ...multiTaskParams,
  levels: z
    .int()
    .min(1)
    .max(4)
    .default(2)
    .describe('Levels of experts; with 1 this is customised gate control (CGC).')
    .meta(search({ choices: [1, 2] })),
  experts: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Shared experts at each level, beside one of each task.')
    .meta(search({ choices: [1, 2, 4] })),
  expertUnits: z
    .int()
    .min(1)
    .max(512)
    .default(64)
    .describe('Units of an expert, which has one layer.')
    .meta(search({ choices: [32, 64, 128] })),
})

export const ple = sharedNetwork<z.infer<typeof Params>>({
  id: 'ple',
  name: 'Layered extraction (CGC, PLE)',
  about: 'Some experts are shared and each task has one of its own; gates choose among them.',
  cite: 'Tang et al. 2020, Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model',
  params: Params,
  design: ({ levels, experts, expertUnits }) => ({ kind: 'ple', levels, experts, units: expertUnits }),
})
