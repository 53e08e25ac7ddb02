# Drives Debian's ruby-faye: ruby faye.rb. talk.mjs tells how.
require 'eventmachine'
require 'faye'
require 'json'

$stdout.sync = true

def tell(event)
  $stdout.write("#{JSON.generate(event)}\n")
end

# Sees what the client sends and is sent.
class Watcher
  def outgoing(message, pass)
    tell(out: message) if meta?(message)
    pass.call(message)
  end

  def incoming(message, pass)
    if meta?(message)
      tell(in: message)
    elsif message.key?('data')
      tell(in: { channel: message['channel'] })
    end
    pass.call(message)
  end

  private

  def meta?(message)
    message['channel'].start_with?('/meta/')
  end
end

# Obeys the lines on standard input.
class Driver < EventMachine::Connection
  include EventMachine::Protocols::LineText2

  def receive_line(line)
    given = JSON.parse(line.force_encoding('UTF-8'))
    send("do_#{given['do']}", given, ->(result) { tell({ n: given['n'] }.merge(result)) })
  end

  def unbind
    EventMachine.stop
  end

  private

  def do_open(given, answer)
    @subscriptions = {}
    @client = Faye::Client.new(given['url'], retry: 0.3, timeout: 10)
    @client.disable('websocket') unless given['transport'] == 'websocket'
    @client.add_extension(Watcher.new)
    @client.connect
    answer.call(ok: Faye::VERSION)
  end

  def do_subscribe(given, answer)
    channel = given['channel']
    @subscriptions[channel] = @client.subscribe(channel) { |data| tell(heard: channel, data: data) }
    settle(@subscriptions[channel], answer)
  end

  def do_unsubscribe(given, answer)
    @subscriptions[given['channel']].cancel
    answer.call(ok: nil)
  end

  def do_publish(given, answer)
    settle(@client.publish(given['channel'], given['data']), answer)
  end

  def do_publishAll(given, answer, number = 0)
    return answer.call(ok: nil) if number == given['count']

    publication = @client.publish(given['channel'], number)
    publication.callback { do_publishAll(given, answer, number + 1) }
    publication.errback { |error| answer.call(error: error.message) }
  end

  def do_disconnect(_given, answer)
    @client.disconnect
    answer.call(ok: nil)
  end

  def settle(deferrable, answer)
    deferrable.callback { answer.call(ok: nil) }
    deferrable.errback { |error| answer.call(error: error.message) }
  end
end

EventMachine.run { EventMachine.attach($stdin, Driver) }
