import type { Plan } from '../../../core/contract.ts'
import { toErrorJson } from '../../../core/errors.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import { ExperimentSpec } from '../../../core/experiment.ts'
import { tOr } from '../../i18n/index.ts'
import type { LabStore } from '../../lab/store.svelte.ts'

/** What an experiment is set up for: a data set, a generator, or a copy of an earlier experiment. */
export type DraftOf = { data: string } | { generator: string } | { again: string }

const SAVE_AFTER_MS = 400
const PLAN_AFTER_MS = 250

/** A spec being edited: proposed, saved as it is typed, planned after each change, with undo. */
export class Draft {
  private readonly lab: LabStore
  private readonly of: DraftOf
  private readonly key: string
  private saving: ReturnType<typeof setTimeout> | undefined
  private planning: ReturnType<typeof setTimeout> | undefined
  private asked = 0

  spec = $state.raw<ExperimentSpec | null>(null)
  plan = $state.raw<Plan | null>(null)
  /** Why it cannot run as it is. */
  error = $state.raw<UserErrorJson | null>(null)
  running = $state(false)
  saved = $state(false)

  constructor(lab: LabStore, of: DraftOf) {
    this.lab = lab
    this.of = of
    this.key = `spec ${'data' in of ? of.data : 'generator' in of ? `generator ${of.generator}` : `again ${of.again}`}`
    void this.load().catch((error) => (this.error = toErrorJson(error)))
  }

  /** Every edit goes through here; `what` is said by undo. */
  change(next: ExperimentSpec, what: () => string, merge?: string) {
    const before = this.spec
    if (!before) return
    void this.lab.undo.do({
      what,
      merge: merge && `${this.key} ${merge}`,
      undo: () => this.set(before),
      redo: () => this.set(next),
    })
  }

  /** The id of the started experiment; null where it was refused. */
  async run(): Promise<string | null> {
    if (!this.spec || this.running) return null
    this.running = true
    try {
      const { id } = await this.lab.call('experiment.run', { spec: this.spec })
      return id
    } catch (error) {
      this.error = toErrorJson(error)
      return null
    } finally {
      this.running = false
    }
  }

  /** Forgets the edits and proposes anew. */
  async propose() {
    this.spec = await this.proposal()
    this.later()
  }

  private async load() {
    const kept = ExperimentSpec.safeParse((await this.lab.call('draft.get', { key: this.key })).value)
    const proposal = await this.proposal()
    // Other roles since then: a new proposal for them, with the edited methods and evaluation kept where they fit.
    const sameRoles = kept.success && JSON.stringify(kept.data.data) === JSON.stringify(proposal.data)
    this.spec = sameRoles ? kept.data : proposal
    this.planSoon()
  }

  private async proposal(): Promise<ExperimentSpec> {
    if ('again' in this.of) return (await this.lab.call('experiment.get', { id: this.of.again })).spec
    if ('generator' in this.of) return generatorSpec(this.of.generator, this.lab)
    const dataset = await this.lab.openDataset(this.of.data)
    const { propose } = await import('../../../core/propose.ts')
    const roles = dataset.roles ?? propose(dataset.summary).roles
    return (await this.lab.call('experiment.propose', { hash: dataset.hash, roles })).spec
  }

  private set(spec: ExperimentSpec) {
    this.spec = spec
    this.later()
  }

  private later() {
    this.saved = false
    clearTimeout(this.saving)
    this.saving = setTimeout(() => {
      this.lab
        .call('draft.set', { key: this.key, value: this.spec })
        .then(() => (this.saved = true))
        .catch((error) => this.lab.fault(error))
    }, SAVE_AFTER_MS)
    this.planSoon()
  }

  private planSoon() {
    clearTimeout(this.planning)
    const asked = ++this.asked
    this.planning = setTimeout(async () => {
      if (!this.spec) return
      try {
        const plan = await this.lab.call('experiment.plan', { spec: this.spec })
        if (asked !== this.asked) return
        this.plan = plan
        this.error = null
      } catch (error) {
        if (asked === this.asked) this.error = toErrorJson(error)
      }
    }, PLAN_AFTER_MS)
  }
}

/** What is asked of made-up tasks: a new one from few rows, or all of them together. */
const FEW_SHOT_GENERATORS = ['sine']

function generatorSpec(generator: string, lab: LabStore): ExperimentSpec {
  const fewShot = FEW_SHOT_GENERATORS.includes(generator)
  const wanted = fewShot ? ['maml', 'pretrain-finetune', 'from-scratch'] : ['ridge', 'single-task-mlp', 'hard-sharing']
  const ids = lab.methods.map((method) => method.id)
  const fitting = wanted.filter((id) => ids.includes(id))
  return ExperimentSpec.parse({
    name: tOr(`generator.${generator}`, generator),
    data: { generator },
    methods: (fitting.length ? fitting : ids.slice(0, 1)).map((id) => ({ id })),
    evaluation: fewShot ? { protocol: 'few-shot', shots: 10, queries: 10, episodes: 200 } : {},
  })
}
