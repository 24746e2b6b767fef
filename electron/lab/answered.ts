import { UserError, type UserErrorJson } from '../../core/errors.ts'

/** What a thread answers. Errors lose their class between threads: a person's mistake crosses as what it says. */
export type Answered<T> = { answer: T } | { error: UserErrorJson }

/** On the thread: does the work. */
export async function answered<T>(work: () => T | Promise<T>): Promise<Answered<T>> {
  try {
    return { answer: await work() }
  } catch (error) {
    if (error instanceof UserError) return { error: error.json }
    throw error
  }
}

/** In the lab: the answer, or the mistake thrown again. */
export function received<T>(said: Answered<T>): T {
  if ('error' in said) throw new UserError(said.error)
  return said.answer
}
