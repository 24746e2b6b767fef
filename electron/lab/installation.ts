import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * A secret of this installation, made once and readable by its owner alone. What a workspace holds of compiled programs
 * is signed with it: a workspace that somebody else hands over may hold anything, and programs of it are never run.
 * Where the file can be neither read nor written, the secret lives as long as the process.
 */
let secret: Buffer | null = null

export function installationSecret(): Buffer {
  if (secret) return secret
  const file = path.join(process.env.ENGRAM_HOME ?? path.join(os.homedir(), 'Engram'), '.installation')
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    // Two processes may come at once: the first to write wins, and both read.
    fs.writeFileSync(file, randomBytes(32), { flag: 'wx', mode: 0o600 })
  } catch {
    // It is there already, or cannot be written.
  }
  try {
    const read = fs.readFileSync(file)
    if (read.length === 32) return (secret = read)
  } catch {
    // As if there were none.
  }
  return (secret = randomBytes(32))
}
