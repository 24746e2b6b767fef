/**
 * How far the tasks' gradients disagree: of the cosines between the gradients of each pair with respect to what all
 * share, the share that is negative (Yu et al. 2020 call such a pair conflicting), and each task's mean cosine with the
 * others. Gathered over steps, told once a chunk.
 */
export class Conflict {
  private tasks: number
  private cosines: Float64Array
  private pairs: Float64Array
  private negative = 0
  private all = 0

  constructor(tasks: number) {
    this.tasks = tasks
    this.cosines = new Float64Array(tasks)
    this.pairs = new Float64Array(tasks)
  }

  /** gram [task, task]; tasks without a gradient are left out. */
  add(gram: Float64Array): void {
    const n = this.tasks
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) {
        const length = Math.sqrt(gram[i * n + i] * gram[j * n + j])
        if (!(length > 0)) continue
        const cosine = gram[i * n + j] / length
        this.all++
        if (cosine < 0) this.negative++
        for (const t of [i, j]) {
          this.cosines[t] += cosine
          this.pairs[t]++
        }
      }
  }

  /** The figures since the last time; null where no pair was seen. */
  take(): { negative: number; cosine: (number | null)[] } | null {
    if (!this.all) return null
    const told = {
      negative: this.negative / this.all,
      cosine: Array.from(this.cosines, (sum, t) => (this.pairs[t] ? sum / this.pairs[t] : null)),
    }
    this.cosines.fill(0)
    this.pairs.fill(0)
    this.negative = this.all = 0
    return told
  }
}
