import type { Dataset } from '../../../core/contract.ts'
import {
  back,
  begin,
  forward,
  judge,
  netOf,
  nextStep,
  shownStep,
  skipRounds,
  STEPS,
  trimmed,
  valueOf,
} from '../../../core/brain/lesson.ts'
import type { Judgement, Lesson, Quantity } from '../../../core/brain/lesson.ts'
import { freshNet, XOR } from '../../../core/brain/xor.ts'
import type { Kind, Row } from '../../../core/brain/xor.ts'
import { rng } from '../../../core/rng.ts'
import { latest } from '../../lab/latest.ts'
import type { LabStore } from '../../lab/store.svelte.ts'

/** Which numbers of a data set the lesson uses, and how they were scaled: shown = (value − mean) / sd. */
export type Own = { hash: string; inputs: [string, string]; target: string; scale: { mean: number; sd: number }[] }
type Saved = { lesson: Lesson; own: Own | null; seed: number; guessing: boolean }

const KEY = 'learn.xor'
/** Rounds that a draft keeps for stepping back. */
const SAVED_ROUNDS = 40
const MOST_ROWS = 40
/** Weights from which 200 rounds are enough; from others (1, for one) XOR gets stuck, as it does in life. */
const FIRST_SEED = 3

/** The lesson on screen: the pure lesson, what is picked and guessed, and a draft that is saved as it changes. */
export class Learning {
  private readonly lab: LabStore
  private timer: ReturnType<typeof setTimeout> | undefined
  private seed = FIRST_SEED
  private readonly changes = latest()

  lesson = $state.raw<Lesson>(begin('class', XOR, freshNet(rng(`lesson/xor/${FIRST_SEED}`))))
  own = $state.raw<Own | null>(null)
  guessing = $state(false)
  judged = $state.raw<{ of: Quantity; guess: number; value: number; how: Judgement } | null>(null)
  private chosen = $state.raw<Quantity | null>(null)

  readonly next = $derived(nextStep(this.lesson))
  readonly shown = $derived(shownStep(this.lesson))
  readonly revealed = $derived(new Set<Quantity>(STEPS.slice(0, this.lesson.at.step).map((step) => step.shows)))
  /** The number whose formula is open. */
  readonly picked = $derived(this.chosen ?? this.shown?.shows ?? null)

  constructor(lab: LabStore) {
    this.lab = lab
  }

  async restore() {
    const { value } = await this.lab.call('draft.get', { key: KEY })
    const saved = value as Saved | null
    if (!saved?.lesson?.rounds?.length) return
    this.lesson = saved.lesson
    this.own = saved.own
    this.seed = saved.seed
    this.guessing = saved.guessing
  }

  pick(of: Quantity) {
    this.chosen = of
  }

  change(lesson: Lesson) {
    this.lesson = lesson
    this.save()
  }

  step() {
    this.chosen = null
    this.judged = null
    this.change(forward(this.lesson))
  }

  stepBack() {
    this.chosen = null
    this.judged = null
    this.change(back(this.lesson))
  }

  skip(rounds: number) {
    this.chosen = null
    this.judged = null
    this.change(skipRounds(this.lesson, rounds))
  }

  guess(guess: number) {
    const next = this.next
    if (!next) return
    const value = valueOf(next.shows, this.lesson)
    this.step()
    this.judged = { of: next.shows, guess, value, how: judge(guess, value) }
  }

  setGuessing(guessing: boolean) {
    this.guessing = guessing
    this.save()
  }

  /** New random weights, the same rows. */
  restart() {
    this.seed++
    this.begin(this.lesson.kind, this.lesson.rows, this.own)
  }

  useXor() {
    this.begin('class', XOR, null)
  }

  /** Two number columns and a number target of a data set, each scaled by its own mean and sd. */
  async useOwn(dataset: Dataset, inputs: [string, string], target: string) {
    const names = [...inputs, target]
    const columns = dataset.summary.columns
    const at = names.map((name) => columns.findIndex((column) => column.name === name))
    const scale = at.map((i) => ({ mean: columns[i].numbers?.mean ?? 0, sd: columns[i].numbers?.sd || 1 }))
    const stillAsked = this.changes()
    const { rows } = await this.lab.call('data.rows', { hash: dataset.hash, from: 0, count: 500 })
    if (!stillAsked()) return
    const whole = rows.map((row) => at.map((i) => row[i])).filter((row) => row.every((v) => typeof v === 'number'))
    const used = whole.slice(0, MOST_ROWS).map((row): Row => {
      const [x1, x2, y] = row.map((v, i) => ((v as number) - scale[i].mean) / scale[i].sd)
      return { x: [x1, x2], y }
    })
    if (used.length) this.begin('number', used, { hash: dataset.hash, inputs, target, scale })
  }

  private begin(kind: Kind, rows: Row[], own: Own | null) {
    this.changes()
    this.own = own
    this.chosen = null
    this.judged = null
    const rate = kind === 'class' ? 0.5 : 0.1
    this.change(begin(kind, rows, freshNet(rng(`lesson/xor/${this.seed}`)), rate))
  }

  private save() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.flush(), 300)
  }

  /** Writes the draft now: when the view is left. */
  flush() {
    if (this.timer === undefined) return
    clearTimeout(this.timer)
    this.timer = undefined
    const value: Saved = {
      lesson: trimmed(this.lesson, SAVED_ROUNDS),
      own: this.own,
      seed: this.seed,
      guessing: this.guessing,
    }
    this.lab.tell('draft.set', { key: KEY, value })
  }

  /** Network of the current round. */
  get net() {
    return netOf(this.lesson)
  }
}
