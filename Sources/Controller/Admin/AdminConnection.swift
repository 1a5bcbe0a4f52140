import NIOCore
import NIOHTTP1

/// The connections of the endpoint, the one that has waited longest first. Used on the event loop alone.
final class AdminConnections {
    let limits: AdminServer.Limits
    private let eventLoop: any EventLoop
    /// In the order of their last answers.
    private var open: [any Channel] = []

    init(limits: AdminServer.Limits, eventLoop: any EventLoop) {
        self.limits = limits
        self.eventLoop = eventLoop
    }

    /// A new connection, for which the oldest makes room.
    func add(_ channel: any Channel) {
        eventLoop.preconditionInEventLoop()
        open.append(channel)
        while open.count > limits.connections { closeOldest() }
    }

    /// Makes room for another connection.
    func closeOldest() {
        if !open.isEmpty { open.removeFirst().close(promise: nil) }
    }

    func remove(_ channel: any Channel) {
        eventLoop.preconditionInEventLoop()
        open.removeAll { $0 === channel }
    }

    /// A connection has got its answer and waits for another request.
    func wasAnswered(_ channel: any Channel) {
        guard open.contains(where: { $0 === channel }) else { return }
        remove(channel)
        open.append(channel)
    }
}

/// Only the event loop that a connection belongs to touches it, which NIO sees to for its handlers.
extension AdminConnections: @unchecked Sendable {}

/// One connection: reads a request, answers it, and ends when either takes too long.
final class AdminConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: AdminServer
    private var door: AdminServer.Door
    private let connections: AdminConnections
    private var head: HTTPRequestHead?
    private var bodySize = 0
    private var deadline: Scheduled<Void>?

    /// Requests need no body at all.
    private static let largestBody = 4096

    init(_ server: AdminServer, _ door: AdminServer.Door, among connections: AdminConnections) {
        self.server = server
        self.door = door
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        door = door.door(at: context.channel.localAddress)
        connections.add(context.channel)
        awaitNext(on: context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        connections.remove(context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The time for the next request begins, the answer included.
    private func awaitNext(on channel: any Channel) {
        deadline?.cancel()
        let patience = TimeAmount(connections.limits.patience)
        deadline = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodySize = 0
        case .body(let bytes):
            bodySize += bytes.readableBytes
            if bodySize > Self.largestBody { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            respond(to: head, on: context)
        }
    }

    private func respond(to request: HTTPRequestHead, on context: ChannelHandlerContext) {
        let (server, door) = (server, door)
        let channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await server.answer(to: request, from: door) }.whenSuccess { answer in
            let body = channel.allocator.buffer(string: answer.body)
            var headers = HTTPHeaders([("Content-Type", answer.type), ("Content-Length", String(body.readableBytes))])
            if let challenge = answer.challenge { headers.add(name: "WWW-Authenticate", value: challenge) }
            if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
            let head = HTTPResponseHead(version: request.version, status: answer.status, headers: headers)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            if request.method != .HEAD { channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil) }
            channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { result in
                guard case .success = result, request.isKeepAlive else { return channel.close(promise: nil) }
                bound.value.connections.wasAnswered(channel)
                bound.value.awaitNext(on: channel)
            }
        }
    }
}

/// What happens while the process has no files left: the oldest connection makes room, and the new one waits in the kernel's queue
/// until it is tried again.
final class AcceptFailures: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel
    typealias OutboundOut = any Channel

    private static let pause = TimeAmount.milliseconds(20)
    private let connections: AdminConnections
    private var isPausing = false

    init(among connections: AdminConnections) {
        self.connections = connections
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error would close the listener at the end of the pipeline; the next connection may be accepted.
        guard !isPausing else { return }
        isPausing = true
        connections.closeOldest()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, context) = bound.value
            handler.isPausing = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if !isPausing { context.read() }
    }
}
