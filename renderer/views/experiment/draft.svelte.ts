import type { Plan } from '../../../core/contract.ts'
import type { Roles } from '../../../core/data/roles.ts'
import { toErrorJson } from '../../../core/errors.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import { ExperimentSpec } from '../../../core/experiment.ts'
import { tOr } from '../../i18n/index.ts'
import type { LabStore } from '../../lab/store.svelte.ts'

/** What an experiment is set up for: a data set, a generator, or a copy of an earlier experiment. */
export type DraftOf = { data: string } | { generator: string } | { template: string } | { again: string }

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
    const [[kind, id]] = Object.entries(of)
    this.key = `spec ${kind === 'data' ? id : `${kind} ${id}`}`
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

  /** Roles are the data set's too: both change, and both are undone. */
  changeRoles(roles: Roles, what: () => string) {
    const before = this.spec
    if (!before) return
    const { hash } = before.data
    const dataset = 'data' in this.of && hash ? this.lab.dataset(hash) : null
    const keep = (value: Roles | null) => {
      if (!dataset) return
      this.lab.changeDataset(dataset.hash, { roles: value })
      if (value) this.lab.tell('data.setRoles', { hash: dataset.hash, roles: value })
    }
    const next = { ...before, data: { ...before.data, roles } }
    void this.lab.undo.do({
      what,
      undo: () => {
        keep(dataset?.roles ?? before.data.roles ?? null)
        this.set(before)
      },
      redo: () => {
        keep(roles)
        this.set(next)
      },
    })
  }

  /** The id of the started experiment; null where it was refused. */
  async run(spec = this.spec): Promise<string | null> {
    if (!spec || this.running) return null
    this.running = true
    try {
      const confirmed = this.plan?.relations?.fits
      const { id } = await this.lab.call('experiment.run', { spec, confirmed })
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
    // What the form offers follows the kinds of the columns: a template's data may not have been looked at yet.
    const { hash } = this.spec.data
    if (hash) this.lab.openDataset(hash).catch(() => {}) // The plan says what is wrong with it.
    this.planSoon()
  }

  private async proposal(): Promise<ExperimentSpec> {
    if ('again' in this.of) return (await this.lab.call('experiment.get', { id: this.of.again })).spec
    if ('generator' in this.of) return templateSpec('generator', this.of.generator, this.lab)
    if ('template' in this.of) return templateSpec('template', this.of.template, this.lab)
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

/** A template's or a generator's spec, under its name in the person's language. */
async function templateSpec(kind: 'template' | 'generator', id: string, lab: LabStore): Promise<ExperimentSpec> {
  const { spec } = await lab.call('templates.spec', { id })
  return { ...spec, name: tOr(`${kind}.${id}`, spec.name) }
}
