import { generatorOf, generators } from '../../core/data/generators/index.ts'
import type { DataGenerator } from '../../core/data/generators/kind.ts'
import type { Roles } from '../../core/data/roles.ts'
import { UserError } from '../../core/errors.ts'
import { cannot, summaryOf } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { propose, proposeMethods } from '../../core/propose.ts'
import { needsData, specOf, templates } from '../../core/templates/index.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf, importSample } from './data.ts'
import { samples } from './importers/samples.ts'

type Calls = 'templates.list' | 'templates.spec' | 'experiment.propose'

/** Ready experiments: on every sample and every generator, and on published data sets that are asked for a drop. */
export function templateCalls(c: Context): Handlers<Calls> {
  const has = (hash: string) => c.workspace.datasets.has(hash)
  return {
    'templates.list': () => ({
      templates: [
        ...samples.map(({ id, title, question }) => ({ id, title, question, kind: 'sample' as const, file: null })),
        ...generators.map(({ id, title, about }) => ({
          id,
          title,
          question: about,
          kind: 'generator' as const,
          file: null,
        })),
        ...templates.map(({ id, title, question, data }) => ({
          id,
          title,
          question,
          kind: 'published' as const,
          file: { name: data.file, hash: data.hash, rows: data.rows, source: data.source, here: has(data.hash) },
        })),
      ],
    }),

    async 'templates.spec'({ id }) {
      const published = templates.find((template) => template.id === id)
      if (published) {
        if (!has(published.data.hash)) throw needsData(published)
        return { spec: specOf(published) }
      }
      if (samples.some((sample) => sample.id === id)) {
        const { hash, roles } = await importSample(c, id)
        if (!roles) throw new Error(`internal: the sample ${id} has no roles`)
        return { spec: proposeSpec(c, hash, roles) }
      }
      if (generators.some((generator) => generator.id === id)) return { spec: madeUp(c, generatorOf(id)) }
      throw new UserError({
        code: 'unknown-template',
        who: 'Template',
        rule: `must be one of ${[...samples, ...generators, ...templates].map((t) => t.id).join(', ')}.`,
        got: `"${id}"`,
        remedy: 'Check the name.',
      })
    },

    'experiment.propose': ({ hash, roles }) => ({ spec: proposeSpec(c, hash, roles) }),
  }
}

/** Methods that can do it, protocol and metrics, for a data set with these roles. */
function proposeSpec(c: Context, hash: string, roles: Roles): ExperimentSpec {
  const dataset = datasetOf(c, hash)
  const { evaluation, metrics, data } = propose(dataset.summary, roles)
  const summary = summaryOf(c.store.load(data).set, evaluation)
  const fitting = methods.filter((m) => !cannot(m, summary, evaluation)).map((m) => m.id)
  const name = dataset.name.slice(0, 200)
  return ExperimentSpec.parse({
    name,
    data,
    methods: proposeMethods(summary, fitting, evaluation),
    evaluation,
    metrics,
  })
}

/** Of made-up tasks is asked how few rows a new one needs, or whether they are better learned together. */
function madeUp(c: Context, { id, together }: DataGenerator): ExperimentSpec {
  const data = { generator: id }
  const { set, summary } = c.store.load(data)
  const evaluation = Evaluation.parse(
    set.generator && !together ? { protocol: 'few-shot', shots: 10, queries: 10, episodes: 200 } : {},
  )
  const fitting = methods.filter((m) => !cannot(m, summary, evaluation)).map((m) => m.id)
  return ExperimentSpec.parse({ name: id, data, methods: proposeMethods(summary, fitting, evaluation), evaluation })
}
