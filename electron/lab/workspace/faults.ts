import path from 'node:path'
import { UserError } from '../../../core/errors.ts'

/** What can be wrong with a workspace, in words a person can act on. */
const WHO = (file: string) => `Workspace ${path.basename(file)}`

export const faults = {
  folderMissing: (file: string) =>
    new UserError({
      code: 'workspace.folder-missing',
      who: WHO(file),
      rule: 'The folder of a workspace must exist.',
      got: `the missing folder ${path.dirname(file)}`,
      remedy: 'Make the folder, connect the drive, or choose another place.',
    }),
  notAWorkspace: (file: string, got: string) =>
    new UserError({
      code: 'workspace.not-a-workspace',
      who: WHO(file),
      rule: 'A workspace must be a file that Engram made.',
      got,
      remedy: 'Choose an .engram file, or open this file as data. Nothing in it was changed.',
    }),
  zeroed: (file: string, size: number) =>
    new UserError({
      code: 'workspace.zeroed',
      who: WHO(file),
      rule: 'A workspace must hold its content.',
      got: `${size} bytes that are all zero`,
      remedy: 'The disk or a copy program lost the content. Restore the file from a backup. Nothing in it was changed.',
    }),
  newer: (file: string, version: number, known: number) =>
    new UserError({
      code: 'workspace.newer',
      who: WHO(file),
      rule: `This Engram reads workspaces up to version ${known}.`,
      got: `version ${version}`,
      remedy: 'Update Engram to open it. Nothing in it was changed.',
    }),
  olderTables: (file: string, lacking: string[]) =>
    new UserError({
      code: 'workspace.older-tables',
      who: WHO(file),
      rule: 'A workspace must have the tables that this Engram reads.',
      got: `an early format without ${lacking.slice(0, 5).join(', ')}${lacking.length > 5 ? ' and more' : ''}`,
      remedy: 'Open it with the version that made it, or make a new workspace. Nothing in it was changed.',
    }),
  cut: (file: string, size: number, expected: number) =>
    new UserError({
      code: 'workspace.cut',
      who: WHO(file),
      rule: 'A workspace must be whole.',
      got: `${size} bytes of ${expected}`,
      remedy: 'The end of the file is missing: copy it again or restore it from a backup. Nothing in it was changed.',
    }),
  damaged: (file: string, detail: string) =>
    new UserError({
      code: 'workspace.damaged',
      who: WHO(file),
      rule: 'A workspace must be free of damage.',
      got: `a damaged file (${detail})`,
      remedy: 'Restore the file from a backup, or save a copy of what can still be read. Nothing in it was changed.',
    }),
  contentDamaged: (file: string, what: string) =>
    new UserError({
      code: 'workspace.content-damaged',
      who: WHO(file),
      rule: 'What is kept must match its fingerprint.',
      got: `different content for ${what}`,
      remedy: 'Import the data again or restore the workspace from a backup. Nothing in it was changed.',
    }),
  logDamaged: (file: string, whole: number, of: number, kept: string) =>
    new UserError({
      code: 'workspace.log-damaged',
      who: WHO(file),
      rule: 'The log of a workspace (-wal) must be whole.',
      got: `a damaged log: ${whole} of ${of} commits can be read`,
      remedy: `Everything saved before the damage is open; runs that are missing can be run again. The damaged log is kept as ${path.basename(kept)}.`,
    }),
  readOnly: (file: string) =>
    new UserError({
      code: 'workspace.read-only',
      who: WHO(file),
      rule: 'A workspace must be writable to be changed.',
      got: 'a read-only file or folder',
      remedy: 'Use "Save a copy" and go on in the copy, or change the permissions of the file.',
    }),
  diskFull: (file: string) =>
    new UserError({
      code: 'workspace.disk-full',
      who: WHO(file),
      rule: 'The disk must have room for the results.',
      got: 'a full disk',
      remedy: 'Free some space: saving is tried again by itself. What was saved before is unchanged.',
    }),
  writeFailed: (file: string, detail: string) =>
    new UserError({
      code: 'workspace.write-failed',
      who: WHO(file),
      rule: 'The disk must take what is written.',
      got: `a failed write (${detail})`,
      remedy: 'Check the drive or the network folder: saving is tried again by itself.',
    }),
  busy: (file: string) =>
    new UserError({
      code: 'workspace.busy',
      who: WHO(file),
      rule: 'Another program may hold a workspace only for a moment.',
      got: 'a file that stayed locked for 3 seconds',
      remedy: 'Close the other program that has it open, or wait until it is done.',
    }),
}

/** What SQLite threw, in words; anything that is no fault of file or disk comes back as it is. */
export function fault(file: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error
  if (code === 'SQLITE_FULL') return faults.diskFull(file)
  if (code.startsWith('SQLITE_READONLY')) return faults.readOnly(file)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return faults.busy(file)
  if (code.startsWith('SQLITE_CORRUPT')) return faults.damaged(file, code)
  if (code.startsWith('SQLITE_NOTADB')) return faults.notAWorkspace(file, 'a file of another kind')
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN')) return faults.writeFailed(file, code)
  return error
}

/** Whether the same write may work later: the batch is kept and tried again. */
export const passing = (error: unknown) =>
  error instanceof UserError &&
  ['workspace.disk-full', 'workspace.write-failed', 'workspace.busy'].includes(error.json.code)
