// A server of a few lines for the client's tests, with TLS or without, that can also misbehave.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace zl::test {

/// A key and a certificate that it signed itself, both PEM.
struct Identity {
  std::string key;
  std::string certificate;
};

inline std::string pem_of(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
  if (write(memory.get()) != 1) throw std::runtime_error("OpenSSL failed to write PEM");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// For a name like "DNS:localhost", good for an hour.
inline Identity self_signed(const std::string& subject_name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_name.c_str()), &X509_EXTENSION_free);
  X509_add_ext(certificate.get(), names.get(), -1);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) throw std::runtime_error("OpenSSL failed to sign");
  return {
      pem_of([&](BIO* to) { return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }),
      pem_of([&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); })};
}

/// Serves connections one after the other on a thread of its own: reads a request's head, writes what `answer` gives
/// and closes, or holds the connection open where that is nothing.
class LoopbackServer {
 public:
  using Answer = std::function<std::string(const std::string& head)>;

  explicit LoopbackServer(Answer answer, const Identity* identity = nullptr)
      : answer_(std::move(answer)), secure_(identity != nullptr) {
    if (secure_) {
      tls_.use_certificate(boost::asio::buffer(identity->certificate), boost::asio::ssl::context::pem);
      tls_.use_private_key(boost::asio::buffer(identity->key), boost::asio::ssl::context::pem);
    }
    thread_ = std::thread([this] { serve(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    stopping_ = true;
    // Wakes the thread, whose next accept is its last.
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket waker(context_);
    waker.connect(acceptor_.local_endpoint(), ignored);
    waker.close(ignored);
    thread_.join();
  }

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

 private:
  using tcp = boost::asio::ip::tcp;

  void serve() {
    while (!stopping_) {
      boost::system::error_code error;
      tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (error || stopping_) continue;
      if (!secure_) {
        converse(socket);
        continue;
      }
      boost::asio::ssl::stream<tcp::socket&> stream(socket, tls_);
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      if (!error) converse(stream);
    }
  }

  template <class Stream>
  void converse(Stream& stream) {
    boost::system::error_code error;
    std::string head;
    boost::asio::read_until(stream, boost::asio::dynamic_buffer(head), "\r\n\r\n", error);
    if (error) return;
    const std::string bytes = answer_(head);
    if (!bytes.empty()) {
      boost::asio::write(stream, boost::asio::buffer(bytes), error);
      return;
    }
    // Silent until the client gives up.
    char byte = 0;
    while (!error) stream.read_some(boost::asio::buffer(&byte, 1), error);
  }

  Answer answer_;
  const bool secure_;
  std::atomic<bool> stopping_ = false;
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  std::thread thread_;
};

}  // namespace zl::test
