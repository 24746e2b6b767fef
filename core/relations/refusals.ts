import type { TaskSet } from '../data/taskSet.ts'
import { UserError } from '../errors.ts'
import type { ExperimentSpec } from '../experiment.ts'
import { relatedTasks } from './subsets.ts'

/** The tasks that are to be related, by index. Throws where relations have no meaning. */
export function checkRelations({ relations, evaluation }: ExperimentSpec, set: TaskSet): number[] {
  const refuse = (rule: string, got: string, remedy: string) =>
    new UserError({ code: 'relations.refused', who: 'Relations between tasks', rule, got, remedy })
  if (evaluation.protocol === 'new-task' || evaluation.protocol === 'few-shot' || set.generator)
    throw refuse(
      'are measured on tasks that are trained and tested.',
      set.generator ? 'made-up tasks' : `the protocol "${evaluation.protocol}"`,
      'Take k-fold, holdout or leave-one-group-out on a table.',
    )
  const ids = new Set(set.tasks.map(({ id }) => id))
  const unknown = relations?.tasks?.find((name) => !ids.has(name))
  if (unknown !== undefined)
    throw refuse(
      `name tasks of the data: ${[...ids].slice(0, 5).join(', ')}${ids.size > 5 ? ', …' : ''}.`,
      `"${unknown.slice(0, 100)}"`,
      'Correct the name, or leave the list out for all tasks.',
    )
  const tasks = relatedTasks(set, relations?.tasks)
  if (tasks.length < 2)
    throw refuse('need two tasks at least.', `${tasks.length}`, 'Choose more targets, or a task column.')
  return tasks
}

export const nothingToRelate = ({ methods }: ExperimentSpec): UserError =>
  new UserError({
    code: 'relations.no-method',
    who: 'Relations between tasks',
    rule: 'are measured with a method that learns tasks together.',
    got: methods.map(({ id }) => id).join(', '),
    remedy: 'Add, say, hard-sharing or mean-regularised.',
  })
