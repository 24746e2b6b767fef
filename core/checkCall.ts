import { LabApi, type Call } from './contract.ts'
import { UserError } from './errors.ts'

/**
 * What a lab lets in: a call of the contract with the parameters that its schema takes, defaults filled in. Throws a
 * `UserError` that names the field. Every host relies on the lab for this, so that it is checked once, behind all doors.
 */
export function checkCall(name: string, params: unknown): { call: Call; params: unknown } {
  if (!Object.hasOwn(LabApi, name)) {
    throw new UserError({
      code: 'unknown-call',
      who: 'The lab',
      rule: 'answers only the calls of its contract.',
      got: name.slice(0, 100),
      remedy: 'Reload the window: page and lab may be of different versions.',
    })
  }
  const call = name as Call
  const checked = LabApi[call].params.safeParse(params ?? {})
  if (checked.success) return { call, params: checked.data }
  const issue = checked.error.issues[0]
  throw new UserError({
    code: 'bad-parameters',
    who: call,
    rule: `takes other parameters: ${issue.message} (at ${issue.path.map(String).join('.') || 'the top'}).`,
    got: String(JSON.stringify(params)).slice(0, 200),
    remedy: 'Correct the value named.',
  })
}
