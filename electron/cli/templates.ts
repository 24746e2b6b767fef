import type { Lab } from '../../core/contract.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { parseSpec } from './spec.ts'

/** Specs that need no file: every sample with its proposed spec, and what is known to teach something on generators. */
export type Template = { id: string; title: string; make(lab: Lab): Promise<ExperimentSpec> }

export async function listTemplates(lab: Lab): Promise<Template[]> {
  const [{ samples }, { generators }] = await Promise.all([
    lab.call('data.samples', {}),
    lab.call('data.generators', {}),
  ])
  return [
    ...samples.map((sample) => ({ id: sample.id, title: sample.title, make: () => proposed(lab, sample.id) })),
    ...generators.map((generator) => ({
      id: generator.id,
      title: generator.title,
      make: () => few(lab, generator.id),
    })),
  ]
}

async function proposed(lab: Lab, id: string): Promise<ExperimentSpec> {
  const dataset = await lab.call('data.openSample', { id })
  if (!dataset.roles) throw new Error(`internal: the sample ${id} has no roles`)
  const { spec } = await lab.call('experiment.propose', { hash: dataset.hash, roles: dataset.roles })
  return spec
}

/** Can a new task be learned from ten rows? Every way of meta-learning against its baselines (Finn et al. 2017). */
async function few(lab: Lab, generator: string): Promise<ExperimentSpec> {
  const { methods } = await lab.call('methods.list', {})
  const chosen = methods.filter((method) => method.family === 'metalearning').map(({ id }) => ({ id }))
  const evaluation = { protocol: 'few-shot', shots: 10, episodes: 200, seed: 1 }
  return parseSpec({ name: generator, data: { generator }, methods: chosen, evaluation }, generator)
}
