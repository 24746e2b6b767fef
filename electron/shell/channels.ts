/** Names of the messages between main and preload. The preload only forwards; main checks everything that comes in. */
export const CHANNEL = {
  /** Page to main. */
  connect: 'engram:connect',
  report: 'engram:report',
  chooseFiles: 'engram:choose-files',
  chooseSave: 'engram:choose-save',
  /** Main to page. */
  port: 'engram:port',
  command: 'engram:command',
} as const
