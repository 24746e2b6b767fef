import { z } from 'zod'

/**
 * A mistake of a person, said so that it can be mended: who found it, which rule, what was got, what to do.
 * `code` is the key of the translated text in the message catalogue. Our own mistakes are plain `Error`s whose
 * message begins with "internal:".
 */
export const UserErrorJson = z.object({
  code: z.string(),
  who: z.string(),
  rule: z.string(),
  got: z.string(),
  remedy: z.string(),
})
export type UserErrorJson = z.infer<typeof UserErrorJson>

export class UserError extends Error {
  readonly json: UserErrorJson

  constructor(json: UserErrorJson) {
    super(`${json.who}: ${json.rule} Got ${json.got}. ${json.remedy}`)
    this.name = 'UserError'
    this.json = json
  }
}

/** What crosses a process border: a UserError as it is, anything else as an internal fault. */
export function toErrorJson(error: unknown): UserErrorJson {
  if (error instanceof UserError) return error.json
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'internal',
    who: 'Engram',
    rule: 'This should not have happened.',
    got: message.startsWith('internal:') ? message : `internal: ${message}`,
    remedy: 'Your data and results are kept. Please report this text.',
  }
}
