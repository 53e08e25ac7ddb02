// nginx with the module nchan, one worker process: subscribers by WebSocket, publishers
// by POST.
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { freePort, installed, startServer } = require('./processes.js');

const FILES = 20000;

// Debian's nginx keeps its own below /usr/sbin, which is not in everybody's $PATH.
function program() {
  return installed('nginx') ? 'nginx' : '/usr/sbin/nginx';
}

function about() {
  try { // it says that on stderr
    return execFileSync('sh', ['-c', `${program()} -V 2>&1`], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function modulePath() {
  const found = /--modules-path=(\S+)/.exec(about());
  const file = found && path.join(found[1], 'ngx_nchan_module.so');
  return file && fs.existsSync(file) ? file : null;
}

function configuration(port, dir) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${dir}/${name};`).join('\n');
  return `${process.getuid() === 0 ? 'user root;' : ''}
load_module ${modulePath()};
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr notice;
events { worker_connections ${FILES}; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
${temporary}
  nchan_shared_memory_size 128M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish {
      nchan_publisher http;
      nchan_channel_id $arg_c;
      nchan_message_buffer_length 10;
    }
    location = /subscribe {
      nchan_subscriber websocket;
      nchan_channel_id $arg_c;
      nchan_subscriber_first_message newest;
    }
  }
}
`;
}

async function start(core) {
  const port = await freePort(), dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fayed-nchan-'));
  const file = path.join(dir, 'nginx.conf');
  fs.writeFileSync(file, configuration(port, dir));
  const server = await startServer(program(), ['-p', dir, '-c', file, '-e', 'stderr'],
    { says: /start worker process (\d+)/, core });
  const version = /nginx\/\S+/.exec(about());
  return {
    ...server,
    banner: `${version ? version[0] : 'nginx'} with nchan`,
    url: `127.0.0.1:${port}`,
    pids: [server.pid, Number(server.banner)],
    async stop() {
      const end = await server.stop();
      fs.rmSync(dir, { recursive: true });
      return end;
    },
  };
}

module.exports = {
  missing: () => (modulePath() ? null : 'nginx or its module nchan is missing (libnginx-mod-nchan)'),
  start,
  args: (server) => ['--protocol', 'raw-ws', '--url', `ws://${server.url}/subscribe?c=`,
    '--pub-url', `http://${server.url}/publish?c=`],
};
