import type { Architecture } from './blocks.ts'
import { adapters } from './architectures/adapters.ts'
import { attention } from './architectures/attention.ts'
import { knownTree, treeSearch } from './architectures/branching.ts'
import { crossStitch } from './architectures/crossStitch.ts'
import { extraction } from './architectures/extraction.ts'
import { film } from './architectures/film.ts'
import { mixtureOfExperts } from './architectures/mixtureOfExperts.ts'
import { tiedTowers } from './architectures/tiedTowers.ts'
import { deepHeads } from './architectures/deepHeads.ts'
import { perceptron } from './architectures/perceptron.ts'
import type { Plan } from './plan.ts'

export { sizeOf } from './blocks.ts'
export type { Architecture } from './blocks.ts'

/** From a plan: its parameter blocks, forward pass, penalty and view. */
export function architectureOf(plan: Plan): Architecture {
  const { design } = plan
  switch (design?.kind) {
    case undefined:
      return perceptron(plan)
    case 'deep-heads':
      return deepHeads(plan, design.headHidden)
    case 'tied-towers':
      return tiedTowers(plan, design)
    case 'film':
      return film(plan, design.embedding)
    case 'adapters':
      return adapters(plan, design.rank)
    case 'cross-stitch':
      return crossStitch(plan, design.towers)
    case 'mmoe':
      return mixtureOfExperts(plan, design.experts)
    case 'ple':
      return extraction(plan, design)
    case 'tree-search':
      return treeSearch(plan, design.branches)
    case 'tree':
      return knownTree(plan, design)
    case 'attention':
      return attention(plan, design.units)
  }
}
