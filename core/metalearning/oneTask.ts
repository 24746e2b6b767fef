import { UserError } from '../errors.ts'

/** Why nothing can be learned about learning from a single task. */
export function oneTask(task: string): UserError {
  return new UserError({
    code: 'meta.one-task',
    who: 'Meta-learning',
    rule: 'must have at least two tasks to learn from: what tasks have in common is not to be seen in one.',
    got: `one task, "${task}"`,
    remedy: 'Choose a task column with more levels, or a method that learns each task alone.',
  })
}
