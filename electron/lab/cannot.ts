import { UserError } from '../../core/errors.ts'

/** Not every method can do everything. */
export const cannotDo = (methodKey: string, what: string, remedy: string) =>
  new UserError({
    code: 'run.cannot',
    who: `Method ${methodKey}`,
    rule: `must be able to ${what}.`,
    got: 'a method that cannot',
    remedy,
  })
