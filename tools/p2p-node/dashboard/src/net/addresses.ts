// Addresses on the coordinator. The page is at PREFIX/dashboard, and behind the loopback proxy PREFIX is a secret path.

export function address(path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(path, new URL('./', location.origin + location.pathname));
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

export function socketAddress(): URL {
  const url = address('ws/dashboard');
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}
