// A further tab of a browser has the session's cookie, but not its secret, which is each tab's own: it asks the other tabs of the
// same origin, of which one that is signed in answers. Pages of another port, which the cookie goes to as well, hear nothing of it.

const kChannel = 'p2p_session_secret';
/** Another tab answers within milliseconds, also in the background. */
const kAnswerMs = 500;

const kQuestion = '?';

/** `secret` is empty while this tab is not signed in; then it keeps silent. */
export function answerTabs(secret: () => string): void {
  const channel = new BroadcastChannel(kChannel);
  channel.onmessage = ({ data }) => {
    if (data === kQuestion && secret()) channel.postMessage(secret());
  };
}

/** Undefined when no tab answers. */
export function askTabs(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(kChannel);
    const done = (secret?: string) => {
      clearTimeout(timer);
      channel.close();
      resolve(secret);
    };
    const timer = setTimeout(done, kAnswerMs);
    channel.onmessage = ({ data }) => {
      if (data !== kQuestion) done(data as string);
    };
    channel.postMessage(kQuestion);
  });
}
